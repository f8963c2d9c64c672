"""The gateway's decisions as pure functions of plain data: no clock, no network, no database."""
