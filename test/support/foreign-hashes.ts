/**
 * What other systems wrote: each of them was run, or its source was read. A hash is as it stands in its database or export.
 */

export const usual = 'correct horse battery staple 9'
export const wrong = 'correct horse battery staple 8'
/** More than the 72 bytes that bcrypt takes. */
export const long = `${`${usual}, `.repeat(3)}corr`
export const composed = 'Straße Café über 9 Bäume'.normalize('NFC')
export const decomposed = composed.normalize('NFD')

/** Of the usual password, by the form as it is counted. */
export const hashesOfUsual: Readonly<Record<string, readonly string[]>> = {
  'django pbkdf2_sha256': ['pbkdf2_sha256$1500000$ks774ES05V2wOC1XWETPmx$EEYgV71eMYIMExugGuVV2qMHcPGOBHa7bmQ7GJfUpfo='],
  'django pbkdf2_sha1': ['pbkdf2_sha1$1500000$o8Rn6UwxOLk9l1xtkT8pRb$SJK1OQdilr1bQ7TPXUdbVAnc2Rg='],
  'django argon2': [
    'argon2$argon2id$v=19$m=102400,t=2,p=8$c2NzYTZkQXBWQkxaYVJPZUYyZTM0aA$gWuSDdhUHraa1T7sWHugSnt2LZq9neXVIBQfHlXTmn4',
  ],
  'django bcrypt': [
    'bcrypt$$2b$12$/HBo4w1lN1rsBFJr8HxJt.cAjDiYATS4g2IW7zl3JUH4DjO6cUIKm',
    'bcrypt$$2b$05$abcdefghijklmnopqrstuuXR5eaIR8jkayrCRHv3lmTPLIpwVpQcC',
  ],
  'django scrypt': [
    'scrypt$16384$DHRunOecEcrD0ZZwccOaFl$8$5$P6pzcbmm5RukII+lI1pvigPW1OkxkLbpckz9JJ7Lm899OeJQ0n8/nzHiXdzAx4Vy/+SlthcmioE3Sw/8PP9Ufw==',
  ],
  'werkzeug scrypt': [
    'scrypt:32768:8:1$DoyQO7hIGywlG2Ro$6000a19f83f3a431677052975eb468f0970df246408632d02053a8e90509d34650c92d845fd53b3ec616097d48ebde6062f2d803472bdb17f12930c8fd78ba15',
  ],
  'werkzeug pbkdf2:sha512': [
    'pbkdf2:sha512:1000000$EohcGFEF59QTHtJL$0f697f49fd194eefeffaf74d3f65131d457b06b0268ba863556650c24f1602d1cf33660deb562b9590b788a3dc24ecfe7897606c626a2b97edc2c70f504b6e54',
    'pbkdf2:sha512:1000$EohcGFEF59QTHtJL$95e18db125949fbede08460309bd1d4c095b3358c23f0bd5eec2ebddf094a84ef6a679027a22de07bc8e81e1e67964dacea82a4905df28bab431237794737d84',
  ],
  'passlib pbkdf2-sha256': ['$pbkdf2-sha256$1000$./.../.../.../.../..eA$i.VbHt3ZFPnrJ8f1F80eQau9b87.zU2gpsOB/1d32Fk'],
  'passlib pbkdf2-sha512': [
    // passlib:pbkdf2_sha512
    '$pbkdf2-sha512$25000$R0jpfe.ds/a.F8LY.39vzQ$HjxZjlveycqz4xfyoRgMaY7ExA7DwTgYjy3TG60lwxCDZc5EoQUINcSe8vjdJ6dA9bREzp.0QKtI44eTf759LA',
    // gitlab FIPS mode
    '$pbkdf2-sha512$20000$mJK60NuK3Pd1ya7S1HTVjTW99n1AQchg/tEQmltv.FY$gPu2kJG5RBo2y9sq6cMBH7PXW8A85wSr6yXIbnkIMS7PhAyfUuTSvs47zpd0A.9iwiG23zvMQ0w7yYV44hRNXw',
  ],
  'passlib pbkdf2-sha1': ['$pbkdf2$131000$KAWgtJay1rp3zjnHGKMUAg$n9X2kQpWFnlyqpXpcWkNnr7pVX0'],
  scrypt: ['$scrypt$ln=16,r=8,p=1$+/+++/+++/+++/+++/++eA$yHKFwt9WfYtNy117O2XwJY1pzs6PPGj8v3TgUovkGPU'],
  'passlib bcrypt-sha256 v2': ['$bcrypt-sha256$v=2,t=2b,r=12$CNaezctjSzjhQlIn63dLo.$QPJHBr1FpKY4I3t80piy2k0OjXxNF9C'],
  bcrypt: [
    // python-bcrypt
    '$2b$12$gtgr9lIffpbAG6vK0zRrC.wnTij0VQH78.2UCXAiLLWev2xevCiGC',
    // flask-bcrypt
    '$2b$12$TO9zN1.ThFAWBhiObZ5LVOmRU361BtwVm5yT0J/IjQQnh4aKHeBhm',
    // spring:bcrypt
    '$2y$10$bymaqzeJYVAQTb6excP6DebzzRwEL9Vshf1oLGn5a03fi26vaRd6q',
    // ruby-bcrypt
    '$2a$12$9zqtaMgzJhlR1EM1Bhmc1O2jZ2U7CD8iMpAHntlhJvgV/uTChWvO2',
    // rails has_secure_password
    '$2a$12$pYFxFblAjPCaW3yT3ndtEOY8STgWkyugNaa338L1BSovyIosvyHZa',
    // devise
    '$2a$12$I4aGvFcoYfBQ8Ux1QodSk.m6CKdDL4Vu/nXqs2qNdEe.iVBUyilMG',
    // php:password_hash
    '$2y$10$d8j6huqpqXKCVZDebWaRxOqhhKCv1aMmRX9JRMINRdEIl/vR4f8ZO',
    // laravel/php8.4
    '$2y$12$WVMscqE7qPXXWmzihWjz1.smnuQ/Tcr16/qaBCiKUyeuB28bCYc1G',
    // go:x/crypto/bcrypt
    '$2a$10$271wodo1dDnpfSaiDRsLF.ArfUMxF6qVX6qT8Wxk5ZOR7VJz7ocue',
    // node:bcrypt
    '$2b$10$8vVQQXU5rDAjCNagwOj0x.ZxY6KxLqdsN6POWkg2GN0zEWwt2AEqi',
    // node:bcryptjs
    '$2b$10$7/YwBgS0tgiq3FodX0XXkuS8d4qDmLh8I7N7xGVBkp/dMijk7AKkO',
  ],
  argon2id: [
    '$argon2id$v=19$m=65536,t=3,p=4$APymeTWXqE7sGUqhRjAflg$orWYHsT88u5eyEE6ZPfBivgEIxDi+eLGgSQJs02Xuyo',
    '$argon2id$v=19$m=19457,t=2,p=3$c29tZXNhbHQtMTZieXRlcw$qZpOo+NYLDmBhAqCrrR/TIa6eae5ww8uoBx3LOCioTA',
    '$argon2id$v=19$m=65536,t=4,p=1$RlcxYzQuVEZwOGpiVVB2UA$PiJCVxvI7zPy9kx9cn/AD2xuXzaXhBz3bVfwZCL5C2w',
  ],
  argon2d: ['$argon2d$v=19$m=19456,t=2,p=1$c29tZXNhbHQtMTZieXRlcw$Xow9gzfoDSNRDJBY7Eiy/Y8mSgm4nPgXy6AJQzMI9sc'],
  'django bcrypt_sha256': ['bcrypt_sha256$$2b$12$BPIIcWEx8I63Ukg/socVOey2xV.0Ai/zyDdWNOpA.e5rDtALUQOIm'],
  'spring bcrypt': ['{bcrypt}$2a$10$xvGz8xj7JFn8D9uAS06u0OnLtnTDZ9kTIFRlSk..FEUVqbfYhMeuq'],
  'spring pbkdf2@SpringSecurity_v5_8': [
    // spring:pbkdf2@5.8
    '{pbkdf2@SpringSecurity_v5_8}dd967ffa470cc63f1cd4ee4e3e56827c3bb2d8901e795719f62680ae81a639a75e6e82c270a9766d0007f7452d776bb9',
    // spring:pbkdf2@5.8 base64
    '{pbkdf2@SpringSecurity_v5_8}jHJJICR64pIcNUPEaTO0JkOeKTikBUEoCJCSUOj9o21hmnKcSypY2pbjz1kBpQCQ',
  ],
  'spring scrypt@SpringSecurity_v5_8': [
    '{scrypt@SpringSecurity_v5_8}$100801$H6wiEeWWVZ3WXE6Oeyu5/Q==$S3nI0ZHesZ29kLs5avUjfJDzWaakRg+Dd5GS9bIpVZg=',
  ],
  'spring argon2@SpringSecurity_v5_8': [
    '{argon2@SpringSecurity_v5_8}$argon2id$v=19$m=16384,t=2,p=1$z6ZrG+llZLIVB7DmHhciVg$AgY9VAH13HC7/zF39GA53iafz1O/0U2EWWwXgUj4nTQ',
  ],
  wordpress: [
    '$wp$2y$12$89nEn271woqUGFYsCVXDuOf2QD6p125LL/KXr7DTulB5/tBYPnCra',
    '$wp$2y$10$TPBopq6MoHRPCYVdaLEHM.5S2shZ38EpUNdiiSRal8XPa2Sn17y06',
  ],
  nextcloud: ['1|$2y$10$..Rc77wGQ9ng9GClIEP8H.6qh6Gvn9jt6NjiekPy6iOJVeGp9wZcG'],
  'aspnet identity v3': [
    'AQAAAAIAAYagAAAAEANyeKJvSaqkgeApyAWX7lHj6Mf9N8CDq1IPYSMKey/R7ecyS+OFv8QsOxRyDbp5GQ==',
    'AQAAAAAAACcQAAAAEK07S9I6C8GJ74+wK51ZIuNYIMrr60OoO+VeBQUTdG69cTwyFZ7oj26cntAcAbeHmw==',
  ],
  'mattermost pbkdf2': [
    '$pbkdf2$f=SHA256,w=600000,l=32$AAZIxg9p2/GJ6d9yP4nNgw$fhLwgSw10/y1SMR6Wt73vAF8aAVOao2aEf4m54R2FXY',
  ],
  'ruby scrypt': [
    '4000$8$1$8f9a8e2c997bc2e9d4a6afaa43fce4c72b7491162698eca2ab809cef212c11fb$028e3972a8b725a9ab3088aa4e767950960b22c0b150d7412d11013aef6150a2',
  ],
  'passlib bcrypt-sha256 v1': ['$bcrypt-sha256$2b,5$JlTQXAMB3RKpsN7.GNQxye$dT1FOFTKjfjHIXXIYIgvIg74Cn/jjoe'],
  'ldap pbkdf2-sha1': ['{PBKDF2}1000$MWZMqRVCyDnHGOMcg9D63w$1X3/QxRLZ5mosIApNKbdaXdGQbo'],
  'ldap pbkdf2-sha256': ['{PBKDF2-SHA256}1000$GyMEQKgVQkgJ4VyLEcL4Xw$07s9NLz/C6SaAXgjix/I0HXh4zv2yleZQNwrh8PCmHY'],
  'ldap pbkdf2-sha512': [
    '{PBKDF2-SHA512}1000$NGaM0TrHOAcAIMRYS2kNAQ$qjca03B6/4VPlYYG34RVCIXnY8va8XCyX.e.9fNcAjlF52L2GEav.GkXQc3zaNlTwp32fhMUdKNYeDneBsH3cA',
  ],
  'atlassian pbkdf2': ['{PKCS5S2}ESJkTMk5JyTk/F8rhfBei1LCOXXEd7+vyw+KCR0ZKN8r420Mphnd0Qx05lSJEkUm'],
  'ldap bcrypt': ['{CRYPT}$2b$05$y2o9Y2DJ3zm5.2A9UHA6wekjk4JkR/EJYFkgz6HAgrHdIInXFX1Oy'],
  phpass: ['$P$5VKLhkkIHReDxJw9xBIyh40DLkvpjA/'],
  'spring pbkdf2': ['{pbkdf2}0102030405060708d80bd9094b86b1f1d821ede40f05da30c7076e534644382f23390d79526358fc'],
  'spring scrypt': [
    '{scrypt}$e0801$AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==$2iMN/7QtVB3Gqlt73bRu8aOHxSYTRNMb9DPIXgTBD8c=',
  ],
  'spring argon2': [
    '{argon2}$argon2id$v=19$m=4096,t=3,p=1$MDEyMzQ1Njc4OWFiY2RlZg$NkgOW0m3chIV7h97MbIbrWapPXVTEhvhIOhZCtaDXPg',
  ],
  'aspnet identity v2': ['AML0VXquSIIkfK3CxGxrXVRJnUevgVwDRzUUavS9y4GsLkX2gcBy+D/b6ChD+pnOcw=='],
  argon2i: ['$argon2i$v=16$m=512,t=2,p=2$MDEyMzQ1Njc4OWFiY2RlZg$XBHt/IBn9mj6sSF/PXR1IQ'],
  'dovecot pbkdf2': ['{PBKDF2}$1$abcdefghijklmnop$5000$c1b18a2acbd4f85c5e1960a23d403fd567060f31'],
}

/** A form, a password, whether it is the right one, and the hash. */
export const otherHashes: readonly (readonly [string, string, boolean, string])[] = [
  // django:pbkdf2_sha256
  [
    'django pbkdf2_sha256',
    ' correct horse battery staple 9',
    true,
    'pbkdf2_sha256$1000000$QlDYaIBuJVug1LpEfHkL2v$n5QqCCmHSIMCVrdFGk7EXmfQo6e+L52pnw+xv+gqhLs=',
  ],
  // Argon2id itself says no: the hash is of the decomposed spelling, which Signet tries, too.
  [
    'django argon2',
    composed,
    true,
    'argon2$argon2id$v=19$m=102400,t=2,p=8$ZWpqZlprUmV4Q0N0Sm5uWlJUMlB4aw$Yn/xi0DSGcRArhokIfpbMja4ZDIPhNf54WO6frw8qz8',
  ],
  // werkzeug:pbkdf2
  [
    'werkzeug pbkdf2:sha256',
    decomposed,
    true,
    'pbkdf2:sha256:1000000$nvlGQ9JBnk1Rj0uv$864c0e01e2dd3db6d2a2b5feffd4923ace18a07f47b165056616125631695bdb',
  ],
  // crypt_blowfish $2b$: 72 bytes count, and no fewer.
  ['bcrypt', long, true, '$2b$05$abcdefghijklmnopqrstuuPBH1vgUTQu0A6zFW4BAFMYO4ZIbB61G'],
  ['bcrypt', long.slice(0, 71), false, '$2b$05$abcdefghijklmnopqrstuuPBH1vgUTQu0A6zFW4BAFMYO4ZIbB61G'],
  // The secret behind its salt is not known: see pepper.
  [
    'spring pbkdf2@SpringSecurity_v5_8',
    usual,
    false,
    '{pbkdf2@SpringSecurity_v5_8}40ef37c9dd1efa69d165a35a840415211c5d9253b0f5a52f41b87198552ea577ee6e3e0d282b70d412873200f9edf00c',
  ],
  // wordpress:6.8+
  [
    'wordpress',
    'correct horse battery staple 9, correct horse battery staple 9, correct and then another ending',
    false,
    '$wp$2y$10$RRNl7oghjBInrbXKxrC6g.foNV1f8bGw/NCgrXAkCzHRWTEI8nDHy',
  ],
  // wordpress:6.8+
  [
    'wordpress',
    'it\\\'s a \\"quoted\\" \\\\ 9',
    true,
    '$wp$2y$10$cIZjMzlwfX/Jv.2jeEUOMusBS04qu3gpQ0s4F5nj70UuZqiHPQEDu',
  ],
  // crypt_blowfish $2y$
  ['bcrypt', composed, true, '$2y$05$abcdefghijklmnopqrstuuyw2hE57XT5szuyaMJ.0aAr6yUVa25EO'],
  // passlib:bcrypt_sha256 v1
  [
    'passlib bcrypt-sha256 v1',
    usual.repeat(4),
    true,
    '$bcrypt-sha256$2b,5$VRzMUfilT.kkKEzq1cpCTe$CNjytvl7qf8tZmYBrsKntthtlEHzTc.',
  ],
  // django:bcrypt_sha256
  [
    'django bcrypt_sha256',
    usual.repeat(4),
    true,
    'bcrypt_sha256$$2b$05$abcdefghijklmnopqrstuu1AWu9r8YXN4avavdUeqrxKB6K3owR6i',
  ],
  // symfony
  ['bcrypt', usual.repeat(4), true, '$2y$05$abcdefghijklmnopqrstuu1BSNbmwCf2c5Bbe5IgzsMCazP940CQm'],
]
