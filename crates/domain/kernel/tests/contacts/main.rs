//! E-mail addresses and phone numbers.

mod email_addresses;
mod phone_numbers;
