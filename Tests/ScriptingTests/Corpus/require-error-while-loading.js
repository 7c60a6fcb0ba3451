//! library Broken
exports.a = 1;
throw new Error('cannot be used');
//! script
try { require('Broken'); } catch (e) { console.log('caught', e.message); }
require('Broken');
//! expects
caught cannot be used
! thrown: Error: cannot be used (library "Broken", line 2, column 11) at 2:1
