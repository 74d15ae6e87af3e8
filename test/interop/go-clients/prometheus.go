package main

import (
	"net/http"

	"github.com/prometheus/common/config"
)

// As for a job under scrape_configs: the text is what stands there of the HTTP client, in YAML.
func newPrometheus(text string) (*http.Client, error) {
	parsed, err := config.LoadHTTPConfig(text)
	if err != nil {
		return nil, err
	}
	return config.NewClientFromConfig(*parsed, "scrape")
}
