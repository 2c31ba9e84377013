//! Erasing a customer: everything of it goes, every count stays, and it does not come back while it is blocked.

mod audit;
mod export;
mod gone;
mod race;
mod return_ways;
mod somebody;
mod tables;
