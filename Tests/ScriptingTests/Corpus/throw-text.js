//! script
console.log('before');
if (true)
    throw 'no ticket number in the request';
//! expects
before
! thrown: no ticket number in the request at 3:11
