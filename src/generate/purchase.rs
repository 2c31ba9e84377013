//! An order as shops write it; what comes back later refers to the same one.

use serde_json::{Value, json};

use super::scene::Scene;

/// An order of a recipient after a message.
#[derive(Clone, Copy, Debug)]
pub struct Order {
    number: u64,
    cents: u64,
    quantity: u64,
    product: u64,
}

const SHIPPING_CENTS: u64 = 490;

impl Order {
    /// The order that followed the message of a scene: always the same one.
    pub fn of(scene: &Scene<'_>) -> Self {
        let number = scene.message_number(u64::MAX);
        Self { number, cents: 900 + number / 7 % 14_000, quantity: 1 + number / 3 % 3, product: 100 + number / 11 % 40 }
    }

    fn id(self) -> String {
        format!("O-{:016x}", self.number)
    }

    fn subtotal(self) -> u64 {
        self.cents * self.quantity
    }

    /// The whole order.
    pub fn purchase(self) -> Value {
        let item = json!({
            "product_id": format!("P-{}", self.product), "price": money(self.cents), "quantity": self.quantity,
            "discount": 0, "subtotal": money(self.subtotal()),
        });
        json!({
            "order_id": self.id(), "subtotal": money(self.subtotal()), "shipping": money(SHIPPING_CENTS), "tax": 0,
            "discount": 0, "total": money(self.subtotal() + SHIPPING_CENTS), "currency": "USD", "items": [item],
        })
    }

    /// What is given back of it.
    pub fn reversal(self) -> Value {
        json!({
            "order_id": self.id(), "subtotal": money(self.subtotal()), "total": money(self.subtotal()), "currency": "USD",
        })
    }
}

/// Cents as a number with a point.
fn money(cents: u64) -> f64 {
    cents as f64 / 100.0
}
