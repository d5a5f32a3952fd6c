//! The roles on an item and everything below it.

use dray_api::{ItemId, Participant, UserId};
use jiff::Timestamp;

use super::items::role;
use super::{Conn, Error, execute, list, millis, parsed, value};
use dray_drive::access::Role;

/// All users who were given a role on the item itself.
pub fn of_item(c: &Conn, id: ItemId) -> Result<Vec<Participant>, Error> {
    let sql = "select u.id, u.name, u.email, p.role from participants p join users u on u.id = p.user_id
               where p.item_id = $1 order by p.created_at, u.id";
    list(c, sql, &[&id.to_string()], |row| {
        Ok(Participant {
            user_id: parsed(row, "id")?,
            name: row.get("name")?,
            email: row.get("email")?,
            role: role(row.text("role")?).into(),
            inherited_from: None,
        })
    })
}

/// How many users were given a role on the item itself.
pub fn count(c: &Conn, id: ItemId) -> Result<i64, Error> {
    let sql = "select count(*) as participants from participants where item_id = $1";
    value(c, sql, &[&id.to_string()], "participants")
}

/// Gives a role. It replaces the role that the user may have had.
pub fn put(c: &Conn, id: ItemId, user: UserId, role: Role, now: Timestamp) -> Result<(), Error> {
    let sql = "insert into participants (item_id, user_id, role, created_at) values ($1, $2, $3, $4)
               on conflict (item_id, user_id) do update set role = excluded.role";
    execute(c, sql, &[&id.to_string(), &user.to_string(), &role.as_str(), &millis(now)]).map(drop)
}

/// Takes a role away; `false` if the user had none on the item itself.
pub fn remove(c: &Conn, id: ItemId, user: UserId) -> Result<bool, Error> {
    let sql = "delete from participants where item_id = $1 and user_id = $2";
    Ok(execute(c, sql, &[&id.to_string(), &user.to_string()])? == 1)
}
