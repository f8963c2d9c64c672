"""The web component: GitHub sign-in and the status page, the only part of ClawBot that strangers can reach."""
