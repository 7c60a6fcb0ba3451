//! library Plain
exports.add = function (a, b) { return a + b; };
exports.where = typeof module + typeof require + typeof http + typeof constants + typeof XMLUtils + typeof JXON + typeof form;
exports.self = this === exports;
//! library Object
function Util() {}
Util.prototype.hello = function () { return 'hello ' + constants.WHO; };
module.exports = new Util();
//! library moment
!function (e, t) { "object" == typeof exports && "undefined" != typeof module ? module.exports = t() : "function" == typeof define && define.amd ? define(t) : e.moment = t() }(this, function () {
    "use strict";
    function moment(text) { return { format: function () { return 'formatted ' + text; } }; }
    moment.version = '2';
    return moment;
});
//! library moment-timezone
(function (root, factory) {
    "use strict";
    if (typeof module === 'object' && module.exports) { module.exports = factory(require('moment')); }
    else { factory(root.moment); }
}(this, function (moment) {
    moment.tz = function (text, zone) { return moment(text).format() + ' in ' + zone; };
    return moment;
}));
//! library Early
if (constants.WHO) { exports.early = true; return; }
exports.late = true;
//! constant WHO=you
//! script
var plain = require('Plain'), moment = require('moment');
console.log(plain.add(1, 2), plain.where, plain.self, require('Object').hello(), require('Early'));
require('moment-timezone');
console.log(moment.tz('now', 'UTC'), require('moment') === moment, moment.version, require('Plain') === plain);
try { require('plain'); } catch (e) { console.log(e.message); }
console.log(typeof exports, typeof module, typeof moment('x').format);
//! expects
3 objectfunctionobjectobjectobjectobjectundefined true hello you {"early":true}
formatted now in UTC true 2 true
require: there is no library named "plain"; there are: "Plain", "Object", "moment", "moment-timezone", "Early"
undefined undefined function
