//! The roles on an item, from least to most. Other files decide who has which role.

/// What somebody may do with an item. Each role includes those before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Read and download.
    Viewer,
    /// Also upload, create folders, rename, replace, and take items out of a folder.
    Member,
    /// Also decide who else may do what, by roles and links.
    Admin,
    /// Everything. Whoever owns the item, or a folder above it, has this role.
    Owner,
}

impl Role {
    /// The role as the wire and the database spell it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Admin => "admin",
            Self::Owner => "owner",
        }
    }
}

/// A role that can be given. Nobody can be made an owner.
impl From<dray_api::Role> for Role {
    fn from(role: dray_api::Role) -> Self {
        match role {
            dray_api::Role::Viewer => Self::Viewer,
            dray_api::Role::Member => Self::Member,
            dray_api::Role::Admin => Self::Admin,
            dray_api::Role::Owner => Self::Owner,
        }
    }
}

impl From<Role> for dray_api::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Viewer => Self::Viewer,
            Role::Member => Self::Member,
            Role::Admin => Self::Admin,
            Role::Owner => Self::Owner,
        }
    }
}
