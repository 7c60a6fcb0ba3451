//! script
var a = {
  b: 1
  c: 2
};
//! expects
! syntax: SyntaxError: Unexpected identifier 'c' at 3:3
