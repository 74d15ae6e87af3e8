package main

import (
	"context"
	"net/http"

	"github.com/open-telemetry/opentelemetry-collector-contrib/extension/oauth2clientauthextension"
	"go.opentelemetry.io/collector/component"
	"go.opentelemetry.io/collector/confmap"
	"go.opentelemetry.io/collector/extension"
	"go.opentelemetry.io/collector/extension/extensionauth"
	"go.uber.org/zap"
	"go.yaml.in/yaml/v3"
)

// As the collector starts the extension: the text is what stands under oauth2client in its configuration, in YAML.
func newOTel(text string) (*http.Client, error) {
	var section map[string]any
	if err := yaml.Unmarshal([]byte(text), &section); err != nil {
		return nil, err
	}
	factory := oauth2clientauthextension.NewFactory()
	config := factory.CreateDefaultConfig()
	if err := confmap.NewFromStringMap(section).Unmarshal(config); err != nil {
		return nil, err
	}
	if err := config.(*oauth2clientauthextension.Config).Validate(); err != nil {
		return nil, err
	}
	settings := extension.Settings{ID: component.NewID(factory.Type()), TelemetrySettings: component.TelemetrySettings{Logger: zap.NewNop()}}
	authenticator, err := factory.Create(context.Background(), settings, config)
	if err != nil {
		return nil, err
	}
	if err := authenticator.Start(context.Background(), nil); err != nil {
		return nil, err
	}
	transport, err := authenticator.(extensionauth.HTTPClient).RoundTripper(http.DefaultTransport)
	return &http.Client{Transport: transport}, err
}
