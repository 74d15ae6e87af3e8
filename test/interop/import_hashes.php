<?php
/**
 * Hashes as PHP's own functions, Symfony and WordPress write them; the argument is which. Reads {"name of a password": "password", …} and
 * prints for each form and password a line {"form", "password", "hash"}. The first password costs what the default is, the others little. With `wordpress` a second argument is
 * its class-phpass.php.
 */

use Symfony\Component\PasswordHasher\Hasher\NativePasswordHasher;
use Symfony\Component\PasswordHasher\Hasher\SodiumPasswordHasher;

function native(bool $isCheap): array
{
    $cost = $isCheap ? ['cost' => 4] : [];
    $argon2 = $isCheap ? ['memory_cost' => 1024, 'time_cost' => 1] : [];
    return [
        'php password_hash' => fn ($password) => password_hash($password, PASSWORD_DEFAULT, $cost),
        // As of PHP 8.4, and as Laravel does.
        'php bcrypt of cost 12' => fn ($password) => password_hash($password, PASSWORD_BCRYPT, $cost ?: ['cost' => 12]),
        'php argon2id' => fn ($password) => password_hash($password, PASSWORD_ARGON2ID, $argon2),
        'php argon2i' => fn ($password) => password_hash($password, PASSWORD_ARGON2I, $argon2),
        // As Nextcloud puts its version before them.
        'nextcloud 1' => fn ($password) => '1|' . password_hash($password, PASSWORD_BCRYPT, $cost),
        'nextcloud 3' => fn ($password) => '3|' . password_hash($password, PASSWORD_ARGON2ID, $argon2),
    ];
}

function symfony(bool $isCheap): array
{
    require_once 'Symfony/Component/PasswordHasher/autoload.php';
    $memory = $isCheap ? [3, 1 << 20] : [null, null];
    return [
        'symfony, native bcrypt' => [new NativePasswordHasher(null, null, $isCheap ? 4 : null, PASSWORD_BCRYPT), 'hash'],
        'symfony, native argon2id' => [new NativePasswordHasher(...$memory, ...[null, PASSWORD_ARGON2ID]), 'hash'],
        'symfony, sodium' => [new SodiumPasswordHasher(...$memory), 'hash'],
    ];
}

/** Before 6.8; as wp_hash_password() does. */
function wordpress(): array
{
    require_once $GLOBALS['argv'][2];
    $hasher = new PasswordHash(8, true);
    return ['wordpress phpass' => fn ($password) => $hasher->HashPassword(trim($password))];
}

$library = $argv[1];
$passwords = json_decode(stream_get_contents(STDIN), true);
foreach ($passwords as $label => $password) {
    foreach ($library($label !== array_key_first($passwords)) as $form => $hash) {
        echo json_encode(['form' => $form, 'password' => $label, 'hash' => $hash($password)]), "\n";
    }
}
