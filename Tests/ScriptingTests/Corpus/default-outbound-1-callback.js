//! kind outbound
//! body {"eventIdentifier":869000,"date":"17-04-12 23:03:10.007","recipient":"bsmith","device":"Work Email","response":"Acknowledge","annotation":"null","eventProperties":[{"number":"INC0010057"},{"severity":"High"}]}
//! script
// Reads the webhook that has led here, and says whose answer it was.
var callback = JSON.parse(request.body);
console.log('Running for alert ' + callback.eventIdentifier);

// A list of objects with one member each becomes one object.
if (callback.eventProperties && Array.isArray(callback.eventProperties)) {
    var collected = callback.eventProperties;
    callback.eventProperties = {};
    for (var i = 0; i < collected.length; i++) {
        var property = collected[i];
        var key = Object.keys(property)[0];
        callback.eventProperties[key] = property[key];
    }
}

// No comment is the word null.
if (callback.annotation == "null") {
    callback.annotation = null;
}
console.log(callback.eventProperties.number, callback.annotation, typeof callback.annotation);
//! expects
Running for alert 869000
INC0010057 null object
