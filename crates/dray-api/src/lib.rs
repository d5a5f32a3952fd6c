//! dray-api
