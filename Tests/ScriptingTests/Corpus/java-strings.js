//! script
var s = 'Hello World';
console.log('true'.equalsIgnoreCase('TRUE'), s.equals('Hello World'), s.equals(null), 'a'.equals(1), s.contains('lo W'));
console.log(s.isEmpty(), ''.isEmpty(), ' \t'.isBlank(), s.matches('Hello.*'), s.matches('Hello'), 'ABC'.matches('(?i)abc'));
console.log('a1b22c'.replaceAll('[0-9]+', '#'), 'a.b.c'.replaceAll('.', '-'), 'no dots'.replaceAll('.', '-'));
console.log('a|b|c'.replaceAll('\\|', ','), 'x  y'.replaceAll('\\s+', ' '), 'john smith'.replaceAll('(\\w+) (\\w+)', '$2 $1'));
console.log('aXbX'.replaceAll('X', ''), 'aXbX'.replaceAll(/x/gi, '_'), 'a+b'.replaceAll('+', ' '), 'a1b2'.replaceFirst('[0-9]', '#'));
console.log('apple'.compareTo('banana'), 'a'.compareToIgnoreCase('A'), 'abc'.compareTo('ab'), 'hello'.hashCode());
console.log(' x '.trim() + '|' + ' x '.strip() + '|' + ' x '.stripLeading() + '|' + ' x '.stripTrailing() + '|');
console.log('äb'.getBytes(), 'ab'.toCharArray(), s.startsWith('World', 6), s.endsWith('World'), s.length, s.charAt(0));
console.log(s.indexOf('o', 5), s.lastIndexOf('o'), s.substring(6), s.toUpperCase(), s.concat('!'), 'x'.intern());
console.log(s.regionMatches(6, 'World', 0, 5), s.regionMatches(true, 0, 'HELLO', 0, 5), s.contentEquals('x'));
for (var key in 'ab') console.log(key);
//! expects
true true false false true
false true true true false true
a#b#c a-b-c no dots
a,b,c x y smith john
ab a_b_ a b a#b2
-1 0 1 99162322
x|x|x | x|
[-61,-92,98] ["a","b"] true true 11 H
7 7 World HELLO WORLD Hello World! x
true true false
0
1
