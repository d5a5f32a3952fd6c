-- A version of its own: in the transaction that creates another index, other servers would wait for the whole of it.
drop index items_of_object;
