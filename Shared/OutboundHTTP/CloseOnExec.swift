// Not Glibc: where another file of the module imports CAres, an optimised build finds the types of sockets only there.
import CAres

/// Of a socket: script sandboxes are child processes and must not inherit connections.
let closeOnExec = Int32(SOCK_CLOEXEC.rawValue)
