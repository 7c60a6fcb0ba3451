//! script
[1].forEach(function (one) {
    one.missing.member = 1;
});
//! expects
! thrown: TypeError: cannot set property 'member' of undefined at 2:5
