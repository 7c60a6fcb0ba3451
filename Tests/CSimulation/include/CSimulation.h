#ifndef TOCSIN_SIMULATION_H
#define TOCSIN_SIMULATION_H

#include <stdint.h>

// Takes the place of the C library's clocks and random numbers in the program that links this: once begun, every clock
// shows the simulation's time, and every random byte follows from the seed.

/// Begins a run: from now on all clocks stand at `wall` nanoseconds since 1970, and chance follows from `seed`.
void simulation_begin(uint64_t seed, int64_t wall);
/// Moves all clocks to `elapsed` nanoseconds after the beginning.
void simulation_set_time(int64_t elapsed);
/// Begins a step of the run: its random bytes follow from the seed and its number, however many were asked for before.
/// How many a library asks for can depend on where its memory lies.
void simulation_set_step(int64_t step);
/// The machine's own monotonic clock, in nanoseconds, for measuring.
int64_t simulation_real_time(void);

#endif
