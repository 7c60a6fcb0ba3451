//! script
var names = ['setTimeout', 'setInterval', 'process', 'Buffer', 'btoa', 'atob', 'fetch', 'global', 'window', 'module',
    'exports', 'Java', 'java', 'Packages', 'load', 'print', 'quit', 'read', 'input', 'output'];
console.log(names.filter(function (name) { return eval('typeof ' + name) !== 'undefined'; }));
['fs', 'child_process', 'util', 'moment', '../x', '/etc/passwd'].forEach(function (name) {
    try { require(name); } catch (e) { console.log(e.message); }
});
//! expects
[]
require: there is no library named "fs"; the script has no libraries
require: there is no library named "child_process"; the script has no libraries
require: there is no library named "util"; the script has no libraries
require: there is no library named "moment"; the script has no libraries
require: there is no library named "../x"; the script has no libraries
require: there is no library named "/etc/passwd"; the script has no libraries
