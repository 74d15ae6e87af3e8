// A resource service, guarded by the library that the first argument names: go-resource LIBRARY ISSUER AUDIENCE SECONDS PORT. For so
// many seconds it keeps the keys. Its files in resource/ are those of docs/integrations/frameworks/go.md.
package main

import (
	"context"
	"fmt"
	"log"
	"net/http"
	"os"
	"runtime/debug"
	"strconv"
	"time"

	"signet/go-resource/resource"
)

type maker func(ctx context.Context, issuer, audience string, keep time.Duration) (resource.Verify, error)

var libraries = map[string]maker{"oidc": resource.WithOIDC, "golangjwt": resource.WithGolangJWT, "jwx": resource.WithJWX}

func main() {
	if os.Args[1] == "--version" {
		info, _ := debug.ReadBuildInfo()
		for _, module := range info.Deps {
			fmt.Println(module.Path, module.Version)
		}
		return
	}
	seconds, err := strconv.Atoi(os.Args[4])
	if err != nil {
		log.Fatal(err)
	}
	verify, err := libraries[os.Args[1]](context.Background(), os.Args[2], os.Args[3], time.Duration(seconds)*time.Second)
	if err != nil {
		log.Fatal(err)
	}
	http.Handle("GET /me", resource.Guard(verify, "", http.HandlerFunc(resource.Me)))
	log.Fatal(http.ListenAndServe("127.0.0.1:"+os.Args[5], nil))
}
