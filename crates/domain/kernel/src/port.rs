//! Declarations of ports: the trait, and what mocks and tests make of the same lines.

/// Declares a repository: a port whose methods run within a unit of work.
///
/// `read fn` is a method that only reads, and works in [`Storage::read`](crate::Storage::read); `write fn` needs
/// [`Storage::write`](crate::Storage::write). Either becomes an asynchronous method whose future is [`Send`], so that
/// implementors write `async fn`.
///
/// The declaration also becomes a macro of the trait's name, which hands the methods to another macro: so
/// [`mock_ports!`](crate::mock_ports) makes a mock of them, and no list of methods is kept beside the trait. Within the
/// crate that declares it, a repository is imported from its module: Rust does not let the crate's own root name the
/// macro.
#[macro_export]
macro_rules! repository {
    (
        $(#[$meta:meta])*
        pub trait $name:ident {
            $($(#[$doc:meta])* $kind:ident fn $method:ident $(<$life:lifetime>)? (&mut self $($args:tt)*) -> $output:ty;)*
        }
    ) => {
        $crate::port! {
            @declare ($) [$(#[$meta])*] #[macro_export] $name (Send)
            $([$(#[$doc])*] $kind $method [$(<$life>)?] [mut] ($($args)*) [$output])*
        }
    };
}

/// Declares a driving port: what a use case offers to those that call it. Its methods take `&self`.
///
/// As with [`repository!`](crate::repository), a macro of the trait's name hands the methods on.
#[macro_export]
macro_rules! port {
    (
        $(#[$meta:meta])*
        pub trait $name:ident {
            $($(#[$doc:meta])* async fn $method:ident $(<$life:lifetime>)? (&self $($args:tt)*) -> $output:ty;)*
        }
    ) => {
        $crate::port! {
            @declare ($) [$(#[$meta])*] #[macro_export] $name
            (Send + Sync + 'static)
            $([$(#[$doc])*] call $method [$(<$life>)?] [] ($($args)*) [$output])*
        }
    };
    (
        @declare ($d:tt) [$($meta:tt)*] #[$scope:meta] $name:ident ($($bounds:tt)*)
        $([$($doc:tt)*] $kind:ident $method:ident [$($life:tt)*] [$($mut:tt)?] ($($args:tt)*) [$output:ty])*
    ) => {
        $($meta)*
        pub trait $name: $($bounds)* {
            $($($doc)* fn $method $($life)* (&$($mut)? self $($args)*) -> impl ::core::future::Future<Output = $output> + Send;)*
        }

        #[doc(hidden)]
        #[$scope]
        macro_rules! $name {
            ($d callback:path, $d state:tt) => {
                $d callback! { $d state $name { $($kind $method [$($life)*] [$($mut)?] ($($args)*) [$output])* } }
            };
        }
    };
}

/// Declares a trait that stands for several ports: what implements all of them implements it.
///
/// ```
/// # trait Reads {}
/// # trait Writes {}
/// asteroid_kernel::port_alias! {
///     /// Reads and writes.
///     trait ReadsAndWrites: Reads + Writes;
/// }
/// ```
#[macro_export]
macro_rules! port_alias {
    ($(#[$meta:meta])* $visibility:vis trait $name:ident: $first:ident $(+ $port:ident)*;) => {
        $(#[$meta])*
        $visibility trait $name: $first $(+ $port)* {}

        impl<T: $first $(+ $port)*> $name for T {}
    };
}

/// Makes one mock of several ports with mockall, which the caller depends on: every call that a test does not expect
/// fails it. The types that the ports name have to be in scope.
///
/// ```ignore
/// mock_ports! {
///     /// The repositories of the terms.
///     pub Tx: asteroid_terms::TermsRepository
/// }
/// ```
#[macro_export]
macro_rules! mock_ports {
    ($(#[$meta:meta])* pub $mock:ident: $($port:path),+ $(,)?) => {
        $crate::mock_ports! { @ [[$(#[$meta])*] $mock {}] $([$port])+ }
    };
    (@ $made:tt [$port:path] $($rest:tt)*) => {
        $port! { $crate::mock_ports, [$made $($rest)*] }
    };
    // A mock is made at once at the end, because `self` must come from where mockall is called.
    (@ [[$($meta:tt)*] $mock:ident { $($port:ident {
        $($kind:ident $method:ident [$($life:tt)*] [$($mut:tt)?] ($($args:tt)*) [$output:ty])*
    })* }]) => {
        ::mockall::mock! {
            $($meta)*
            pub $mock {}
            $(
                impl $port for $mock {
                    $(async fn $method $($life)* (&$($mut)? self $($args)*) -> $output;)*
                }
            )*
        }
    };
    ([[$meta:tt $mock:ident { $($made:tt)* }] $($rest:tt)*] $port:ident $methods:tt) => {
        $crate::mock_ports! { @ [$meta $mock { $($made)* $port $methods }] $($rest)* }
    };
}
