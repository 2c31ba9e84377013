//! The questions: campaign funnels, events of a customer or campaign, who acted, reachability.

pub mod automation;
pub mod campaign_funnel;
pub mod customer;
pub mod event_list;
pub mod reachability;
