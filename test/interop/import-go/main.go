// Hashes as Go's libraries write them; the argument is which. Reads {"name of a password": "password", …} and prints for each form and
// password a line {"form", "password", "hash"}. What a library refuses has no line.
package main

import (
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"os"

	"crypto/sha256"
	"github.com/alexedwards/argon2id"
	"golang.org/x/crypto/argon2"
	"golang.org/x/crypto/bcrypt"
	"golang.org/x/crypto/pbkdf2"
	"golang.org/x/crypto/scrypt"
)

// Takes 128 MiB: one is enough.
const dear = "gitea scrypt"

type makes func(password string) (any, error)

func bcryptOf(password string) (any, error) {
	hash, err := bcrypt.GenerateFromPassword([]byte(password), bcrypt.DefaultCost)
	return string(hash), err
}

func alexEdwards(password string) (any, error) {
	return argon2id.CreateHash(password, argon2id.DefaultParams)
}

// As README examples of x/crypto's Argon2 do it.
func argon2i(password string) (any, error) {
	salt := random(16)
	key := argon2.Key([]byte(password), salt, 3, 32*1024, 4, 32)
	encode := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2i$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, 32*1024, 3, 4, encode(salt), encode(key)), nil
}

func random(length int) []byte {
	bytes := make([]byte, length)
	_, _ = rand.Read(bytes)
	return bytes
}

// The columns of Gitea's users, computed as its modules/auth/password/hash does.
func gitea(algorithm string, key func(password, salt []byte) ([]byte, error)) makes {
	return func(password string) (any, error) {
		salt := random(16)
		hash, err := key([]byte(password), salt)
		return map[string]string{"passwd": hex.EncodeToString(hash), "salt": hex.EncodeToString(salt), "passwd_hash_algo": algorithm}, err
	}
}

// The columns of Grafana's users, computed as its pkg/util/encoding.go does.
func grafana(password string) (any, error) {
	salt := hex.EncodeToString(random(5))
	key := pbkdf2.Key([]byte(password), []byte(salt), 10000, 50, sha256.New)
	return map[string]string{"password": hex.EncodeToString(key), "salt": salt}, nil
}

func libraryOf(name string) map[string]makes {
	switch name {
	case "hashes":
		return map[string]makes{"go bcrypt": bcryptOf, "go argon2id": alexEdwards, "go argon2i": argon2i}
	case "gitea":
		return map[string]makes{
			"gitea pbkdf2": gitea("pbkdf2$50000$50", func(password, salt []byte) ([]byte, error) {
				return pbkdf2.Key(password, salt, 50000, 50, sha256.New), nil
			}),
			"gitea argon2": gitea("argon2$2$65536$8$50", func(password, salt []byte) ([]byte, error) {
				return argon2.IDKey(password, salt, 2, 65536, 8, 50), nil
			}),
			dear: gitea("scrypt$65536$16$2$50", func(password, salt []byte) ([]byte, error) {
				return scrypt.Key(password, salt, 65536, 16, 2, 50)
			}),
		}
	case "grafana":
		return map[string]makes{"grafana": grafana}
	}
	panic("which library?")
}

func main() {
	if os.Args[1] == "--version" {
		return
	}
	var passwords map[string]string
	if err := json.NewDecoder(os.Stdin).Decode(&passwords); err != nil {
		panic(err)
	}
	lines := json.NewEncoder(os.Stdout)
	for form, hash := range libraryOf(os.Args[1]) {
		for label, password := range passwords {
			if form == dear && label != "ascii" {
				continue
			}
			made, err := hash(password)
			if err != nil {
				// bcrypt refuses more than 72 bytes.
				fmt.Fprintf(os.Stderr, "%s: %s: %v\n", form, label, err)
				continue
			}
			_ = lines.Encode(map[string]any{"form": form, "password": label, "hash": made})
		}
	}
}
