import fc from 'fast-check';

// A property that fails has noticed its mutant; the shortest example of it is of no use. One seed: a run can be repeated.
fc.configureGlobal({ endOnFailure: true, seed: 20_260_501 });
