//! script
function OwnError(message) { this.name = 'OwnError'; this.message = message; }
OwnError.prototype = Object.create(Error.prototype);
try {
    null.x;
} catch (e) {
    console.log(e.name, e.message);
    throw new OwnError('wrapped: ' + e.message);
} finally {
    console.log('finally');
}
//! expects
TypeError cannot read property 'x' of null
finally
! thrown: OwnError: wrapped: cannot read property 'x' of null at 7:38
