//! The key that signs relayed URLs: one for all servers of a database.

use jiff::Timestamp;

use super::{Conn, Error, execute, find, millis};

/// A key that signs URLs.
#[derive(Clone, PartialEq, Eq)]
pub struct RelayKey {
    /// The id, which the URLs contain.
    pub id: String,
    /// The secret, which is stored only here.
    pub secret: String,
}

impl std::fmt::Debug for RelayKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "RelayKey({}, …)", self.id)
    }
}

/// The key. If there is none yet, `new` becomes it. Servers that start at the same time get the same key: the insert
/// waits for another server's insert, and the read after it sees what that one committed (read committed).
pub fn get_or_set(c: &Conn, new: &RelayKey, now: Timestamp) -> Result<RelayKey, Error> {
    let sql =
        "insert into relay_key (one, access_key_id, secret_access_key, created_at) values (1, $1, $2, $3)
               on conflict (one) do nothing";
    execute(c, sql, &[&new.id, &new.secret, &millis(now)])?;
    Ok(get(c)?.unwrap_or_else(|| new.clone()))
}

/// The key, if a server has already created it.
pub fn get(c: &Conn) -> Result<Option<RelayKey>, Error> {
    find(c, "select access_key_id, secret_access_key from relay_key", &[], |row| {
        Ok(RelayKey { id: row.get("access_key_id")?, secret: row.get("secret_access_key")? })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::database;

    #[tokio::test]
    async fn the_first_key_stays_whoever_offers_another() {
        let (db, _folder) = database().await;
        let key = |name: &str| RelayKey { id: name.into(), secret: format!("secret of {name}") };
        let keys = db.write(move |c| {
            assert_eq!(get(c)?, None);
            let set = |name| get_or_set(c, &key(name), Timestamp::UNIX_EPOCH);
            Ok([set("one")?, set("two")?])
        });
        assert_eq!(keys.await, Ok([key("one"), key("one")]));
    }
}
