//! library Remedy
var ok = 1;
if (ok) { return )
//! script
console.log('before');
require('Remedy');
//! expects
before
! syntax: SyntaxError: unexpected token in expression: ')' (library "Remedy", line 2, column 18) at 2:1
