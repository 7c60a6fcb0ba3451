//! library A
exports.name = 'A';
exports.early = require('B').seen;
exports.late = function () { return require('B').name; };
//! library B
var a = require('A');
exports.seen = Object.keys(a).join();
exports.name = 'B';
//! script
console.log(require('A').early, require('A').late());
//! expects
name B
