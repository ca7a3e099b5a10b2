-- The columns of `auth.users` that matter here, as Supabase's auth server makes them.
CREATE SCHEMA auth;
CREATE TABLE auth.users (
    id uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    email varchar(255),
    encrypted_password varchar(255),
    email_confirmed_at timestamptz,
    raw_user_meta_data jsonb,
    created_at timestamptz DEFAULT now(),
    phone text UNIQUE,
    phone_confirmed_at timestamptz,
    banned_until timestamptz,
    is_sso_user boolean NOT NULL DEFAULT false,
    deleted_at timestamptz,
    is_anonymous boolean NOT NULL DEFAULT false
);
INSERT INTO auth.users (email, phone, encrypted_password, email_confirmed_at, phone_confirmed_at, raw_user_meta_data) VALUES
    ('pia.holm@example.com', NULL, '$2a$04$EWk8n/A1Dxsd7TWmR.sIL.D5A8PYUSJHTXhcskUs1Wsf5Qtp9JuGK', now(), NULL, '{"full_name": "Pia Holm"}'),
    (NULL, '15556654345', '$argon2id$v=19$m=256,t=2,p=1$x91IeTVMyR2301p/JGLftQ$dHb/ib11gO8U1rVWfxYBA20M/5muzsQQy/bNdK4Q8QA', NULL, now(), '{}'),
    ('ray.voss@example.com', NULL, '$fbscrypt$v=1,n=10,r=8,p=1,ss=Bw==,sk=c2l4dHktZm91ciBieXRlcyBvZiBhbiBpbnZlbnRlZCBwcm9qZWN0J3Mgc2lnbmVyIGtleSwgbm8gcmVhbCBvbmU=$Zm9yIG9uZQ==$CPMryhmiVF0UyChHcboF8Zua5GZ26bIhIinhSWa+nvNWEltH8IXTfPaVxn6WOsa7mHUcROJPwRZ1uGP8xnL29Hc=', now(), NULL, '{"name": "Ray Voss"}'),
    ('unconfirmed@example.com', NULL, '$2a$04$EWk8n/A1Dxsd7TWmR.sIL.D5A8PYUSJHTXhcskUs1Wsf5Qtp9JuGK', NULL, NULL, '{"name": "Un Confirmed"}'),
    ('with.google@example.com', '', '', now(), NULL, '{"full_name": "Sal With Google"}');
INSERT INTO auth.users (email, encrypted_password, email_confirmed_at, banned_until, deleted_at) VALUES
    ('banned@example.com', '$2a$04$EWk8n/A1Dxsd7TWmR.sIL.D5A8PYUSJHTXhcskUs1Wsf5Qtp9JuGK', now(), now() + interval '1 year', NULL),
    ('deleted@example.com', '$2a$04$EWk8n/A1Dxsd7TWmR.sIL.D5A8PYUSJHTXhcskUs1Wsf5Qtp9JuGK', now(), NULL, now());
INSERT INTO auth.users (is_anonymous) VALUES (true);
