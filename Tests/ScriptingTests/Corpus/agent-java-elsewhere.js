//! script
if (typeof Java === 'undefined') console.log('hosted');

java.lang.Thread.sleep(1);
//! expects
hosted
! thrown: ReferenceError: java is not defined: Java is there for scripts that run on an agent only at 3:1
