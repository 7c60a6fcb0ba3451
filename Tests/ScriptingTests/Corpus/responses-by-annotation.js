//! kind outbound
//! body {"eventIdentifier":869000,"author":{"targetName":"mmcbride"},"comment":"x","response":{"response":"Ack"},"eventProperties":{"number":"INC1"}}
//! script
console.log(callback.author.targetName, callback.response.response, callback.eventProperties.number);
callback = JSON.parse(request.body);
console.log(callback.comment);
//! expects
mmcbride Ack INC1
x
