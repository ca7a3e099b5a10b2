//! Enums whose variants have names.

/// Declares an enum whose variants have names in stores and for programs: the variants in snake case.
///
/// Variants, names and parser come from one derive of strum, which the calling crate depends on, so that a new variant
/// cannot be forgotten.
///
/// ```ignore
/// named_enum! {
///     /// The channel that a message is delivered by.
///     pub enum Channel {
///         /// E-mail.
///         Email,
///         /// SMS.
///         Sms,
///     }
/// }
/// assert_eq!(Channel::parse("sms"), Some(Channel::Sms));
/// ```
#[macro_export]
macro_rules! named_enum {
    (
        $(#[$meta:meta])*
        $visibility:vis enum $name:ident {
            $($(#[$variant_meta:meta])* $variant:ident),+ $(,)?
        }
    ) => {
        $(#[$meta])*
        #[derive(
            Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash,
            ::strum::EnumCount, ::strum::EnumString, ::strum::IntoStaticStr, ::strum::VariantArray,
        )]
        #[strum(serialize_all = "snake_case")]
        $visibility enum $name {
            $($(#[$variant_meta])* $variant,)+
        }

        impl $name {
            /// Every variant, in the order of the declaration.
            pub const ALL: [Self; <Self as ::strum::EnumCount>::COUNT] =
                *<Self as ::strum::VariantArray>::VARIANTS.first_chunk().expect("as many variants as counted");

            /// The name in stores and for programs: the variant in snake case.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                self.into()
            }

            /// The variant of this name; [`None`] if there is none.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                text.parse().ok()
            }
        }
    };
}
