-- Nearly every object's key ends with the id of its item, so most items can be found by that id. Only items whose bytes
-- were replaced need an index. Without the others in it, a new file changes one page less.
create index items_of_other_objects on items (object_key)
    where object_key <> 'files/' || workspace_id || '/' || id;
