#!/usr/bin/env bash
# Symfony: a bcrypt hash of a password beyond 72 bytes is one of its SHA-512, and nothing in the hash says so. PHP's password_verify, which
# checks all its other hashes, answers false.
#
# Seen with symfony/password-hasher 5.4.53 and PHP 8.2.36 of Debian 12, the right password:
#   72 bytes: $2y$04$…, password_verify true, with base64(SHA-512) first false
#   73 bytes: $2y$04$…, password_verify false, with base64(SHA-512) first true
#
# Other libraries refuse what is longer, or take the first 72 bytes; Django and passlib, where they hash first, write so before the hash. A
# good engineer would guess that $2y$ from a PHP framework is what PHP's own function writes: for nearly everybody it is. Who leaves
# Symfony for anything else loses those with long passphrases,
# unless both are tried with more than 72 bytes, which are not 72 letters where they are not ASCII.
#
# Runs in a folder of its own, with packages of Debian, which are unpacked and not installed. Needs Debian 12 and apt-get. Exit code 0: it
# is still so.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
cd "$folder"
packages='php8.2-cli php8.2-common php-symfony-password-hasher libargon2-1 libbsd0 libedit2 libicu72 libmagic1 libmd0 libsodium23 libxml2'
# shellcheck disable=SC2086
apt-get -qq download $packages 2>/dev/null || { apt-get -qq update && apt-get -qq download $packages; } 2>/dev/null
for package in *.deb; do dpkg -x "$package" root; done
cat >check.php <<'PHP'
<?php
$folder = 'root/usr/share/php/Symfony/Component/PasswordHasher';
foreach (['PasswordHasherInterface', 'Hasher/CheckPasswordLengthTrait', 'Hasher/NativePasswordHasher'] as $file) {
    require "$folder/$file.php";
}
$hasher = new Symfony\Component\PasswordHasher\Hasher\NativePasswordHasher(null, null, 4, PASSWORD_BCRYPT);
$answers = [];
foreach ([72, 73] as $length) {
    $password = substr(str_repeat('correct horse battery staple ', 3), 0, $length);
    $hash = $hasher->hash($password);
    $said = fn (string $text) => password_verify($text, $hash) ? 'true' : 'false';
    $plain = $said($password);
    $hashed = $said(base64_encode(hash('sha512', $password, true)));
    echo $length, ' bytes: ', substr($hash, 0, 7), "…, password_verify $plain, with base64(SHA-512) first $hashed\n";
    array_push($answers, $hasher->verify($hash, $password) ? 'right' : 'wrong', $plain, $hashed);
}
exit(implode(' ', $answers) === 'right true false right false true' ? 0 : 1);
PHP
LD_LIBRARY_PATH="$folder/root/usr/lib/$(uname -m)-linux-gnu" root/usr/bin/php8.2 -n check.php
