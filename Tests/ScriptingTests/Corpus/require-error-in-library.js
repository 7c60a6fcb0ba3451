//! library Tools
exports.parse = function (text) {
    var data = JSON.parse(text);
    return data.list.length;
};
//! script
var tools = require('Tools');

tools.parse('{}');
//! expects
! thrown: TypeError: cannot read property 'length' of undefined (library "Tools", line 3, column 12) at 3:7
