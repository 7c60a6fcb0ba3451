//! kind step
//! script
output.Result = 'x';
throw 'the step has failed';
//! expects
! thrown: the step has failed at 2:7
