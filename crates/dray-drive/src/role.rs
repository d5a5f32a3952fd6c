//! What somebody may do with an item, from least to most. Who has which role is decided elsewhere.

/// What somebody may do with an item. Each role may do all that those before it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Read and download.
    Viewer,
    /// Also upload, make folders, rename, replace, and take what is in a folder out of it.
    Member,
    /// Also say who else may do what, by roles and by links.
    Admin,
    /// Everything. Whoever owns an item, or a folder above it.
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

/// A role that can be given; nobody is made an owner.
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
