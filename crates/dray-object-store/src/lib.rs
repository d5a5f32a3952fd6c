//! dray-object-store
