-- Nothing: the number belongs to a change that is made at the same time elsewhere, and numbers have no gaps.
SELECT 1;
