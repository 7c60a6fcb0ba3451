//! location agent
//! script
var before = new Date().getTime();
java.lang.Thread.sleep(30);
console.log(new Date().getTime() - before >= 29, typeof Java, typeof Packages.java.lang);
var Integer = Java.type('java.lang.Integer'), UUID = Java.type('java.util.UUID'), Base64 = Java.type('java.util.Base64');
console.log(Integer.parseInt('42') + 1, Integer.MAX_VALUE, java.lang.Long.valueOf('7'), java.lang.Double.parseDouble('1.5'));
console.log(java.lang.Boolean.parseBoolean('TRUE'), java.lang.Math.max(1, 2), java.lang.Math.abs(-3));
console.log(/^[0-9a-f-]{36}$/.test(UUID.randomUUID().toString()), java.lang.System.currentTimeMillis() > 1e12);
console.log(Base64.getEncoder().encodeToString('user:pässword'.getBytes()));
console.log(new (Java.type('java.lang.String'))(Base64.getDecoder().decode('dXNlcjpww6Rzcw==')) + '');
console.log(java.lang.String.format('%s has %05d of %.2f (%-4s|)', 'x', 42, 1.239, 'a'), new java.util.Date(0).getTime());
try { Integer.parseInt('x'); } catch (e) { console.log(e.message); }
try { Java.type('com.alarmpoint.util.XMLFactory'); } catch (e) { console.log(e.message); }
java.io.File('x');
//! expects
true object object
43 2147483647 7 1.5
true 2 3
true true
dXNlcjpww6Rzc3dvcmQ=
user:päss
x has 00042 of 1.24 (a   |) 0
java.lang.NumberFormatException: For input string: "x"
the Java class com.alarmpoint.util.XMLFactory is not there; there are: java.lang.Thread, java.lang.String, java.lang.Integer, java.lang.Long, java.lang.Double, java.lang.Boolean, java.lang.Math, java.lang.System, java.util.Date, java.util.UUID, java.util.Base64
! thrown: Error: the Java class java.io.File is not there; there are: java.lang.Thread, java.lang.String, java.lang.Integer, java.lang.Long, java.lang.Double, java.lang.Boolean, java.lang.Math, java.lang.System, java.util.Date, java.util.UUID, java.util.Base64 at 13:1
