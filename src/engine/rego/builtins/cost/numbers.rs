//! Numbers, ranges and addresses.

use super::{Checked, elements, string};
use regorus::Value;

const MAX_ELEMENTS: u64 = 10_000;
const MAX_ADDRESSES_BITS: u32 = 12;
const MAX_BITS: u64 = 4096;

pub(super) fn small_numbers(arguments: &[Value]) -> Checked {
    arguments.iter().try_for_each(|value| if bits(value) > MAX_BITS { Err(too_many_digits()) } else { Ok(()) })?;
    Ok(None)
}

fn too_many_digits() -> String {
    format!("a number would have more than {MAX_BITS} bits")
}

fn bits(value: &Value) -> u64 {
    let Value::Number(number) = value else { return 0 };
    if number.as_i128().is_some() { 128 } else { number.as_big().map_or(2048, |number| number.bits()) }
}

pub(super) fn shift(arguments: &[Value]) -> Checked {
    if let [value, Value::Number(by)] = arguments
        && bits(value).saturating_add(by.as_u64().unwrap_or(u64::MAX)) > MAX_BITS + 128
    {
        return Err(too_many_digits());
    }
    Ok(None)
}

pub(super) fn multiply(arguments: &[Value]) -> Checked {
    let total: u64 = elements(arguments.first()).map(bits).fold(0, u64::saturating_add);
    let integral = elements(arguments.first()).any(|value| bits(value) > 128);
    if total > MAX_BITS * 16 || (integral && total > MAX_BITS) { Err(too_many_digits()) } else { Ok(None) }
}

pub(super) fn range(arguments: &[Value]) -> Checked {
    let number = |index: usize| match arguments.get(index) {
        Some(Value::Number(number)) if number.is_integer() => number.as_i128(),
        _ => None,
    };
    let (Some(from), Some(to)) = (number(0), number(1)) else {
        return match arguments {
            [Value::Number(_), Value::Number(_), ..] => Err("the ends must be whole numbers of 64 bits".to_owned()),
            _ => Ok(None),
        };
    };
    let whole = |value: i128| i64::try_from(value).is_ok();
    let step = if arguments.len() == 3 { number(2).unwrap_or(0) } else { 1 };
    if !whole(from) || !whole(to) || !whole(step) || step <= 0 {
        return Err("the ends must be whole numbers of 64 bits, the step more than 0".to_owned());
    }
    let count = to.abs_diff(from) / step.unsigned_abs() + 1;
    if count > u128::from(MAX_ELEMENTS) {
        return Err(format!("it would have {count} elements, and at most {MAX_ELEMENTS} are allowed"));
    }
    Ok(None)
}

pub(super) fn cidr_expand(arguments: &[Value]) -> Checked {
    let Some((address, length)) = string(arguments, 0).and_then(|text| text.split_once('/')) else { return Ok(None) };
    let width = if address.contains(':') { 128 } else { 32 };
    match length.parse::<u32>() {
        Ok(length) if length <= width && width - length > MAX_ADDRESSES_BITS => {
            Err(format!("it would have more than {} addresses", 1_u32 << MAX_ADDRESSES_BITS))
        }
        _ => Ok(None),
    }
}

pub(super) fn units(arguments: &[Value]) -> Checked {
    let Some(text) = string(arguments, 0) else { return Ok(None) };
    let exponent = text.split(['e', 'E']).skip(1).find(|digits| digits.bytes().filter(u8::is_ascii_digit).count() > 3);
    if text.len() > 64 || exponent.is_some() {
        return Err("the text is too long, or its exponent is".to_owned());
    }
    Ok(None)
}
