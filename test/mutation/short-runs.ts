import fc from 'fast-check';

fc.configureGlobal({ endOnFailure: true, seed: 20_260_501 });
