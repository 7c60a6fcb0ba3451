//! library Counter
var count = 0;
console.log('loaded');
exports.next = function () { return ++count; };
//! library User
var counter = require('Counter');
exports.use = function () { return counter.next(); };
//! script
require('Counter').next();
console.log(require('User').use(), require('Counter').next());
//! expects
loaded
2 3
