//! script
function check(data) {
    throw { name: 'ConfigurationError', message: 'ENDPOINT is not set' };
}
check();
//! expects
! thrown: ConfigurationError: ENDPOINT is not set at 2:11
