//! Kubernetes quantities as rules read them.

use karmada_core::quantity::{ParseQuantityError, Quantity};

use super::error::{self, Result};
use super::view::View;

/// The quantity a text spells; absent is zero.
///
/// # Errors
/// When it is not a text, or the text is not a quantity of zero or more.
pub(super) fn of_text(text: View<'_>) -> Result<Quantity> {
    if text.is_absent() {
        return Ok(Quantity::ZERO);
    }
    let quantity = of_signed_text(text)?;
    if quantity.sign() < 0 {
        return Err(error::invalid(format!("the quantity {quantity} is negative")));
    }
    Ok(quantity)
}

/// The quantity a text spells, of any sign.
///
/// # Errors
/// When it is not a text, or the text is not a quantity.
pub(super) fn of_signed_text(text: View<'_>) -> Result<Quantity> {
    let text = text.text().ok_or_else(|| text.expected("a quantity as text"))?;
    text.parse()
        .map_err(|cause: ParseQuantityError| error::invalid(cause.to_string()))
}
