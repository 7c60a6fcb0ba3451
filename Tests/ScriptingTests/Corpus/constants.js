//! constant With space=a/b?x=1
//! constant Table=A=1\nB=2
//! constant toString=mine
//! script
console.log(constants['With space'], constants.Table.split('\n').length, typeof constants.X === 'undefined', constants.toString);
constants.New = 'own';
console.log(constants.New, Object.keys(constants).sort().join());
//! expects
a/b?x=1 2 true mine
own New,Table,With space,toString
