//! answer {"statusCode":401,"body":"who are you?"}
//! script

var response = http.request({ endpoint: 'A', path: '/' }).write();
  throw response;
//! expects
> GET A /
! thrown: response with status 401: who are you? at 3:9
