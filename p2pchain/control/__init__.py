"""Planning ahead, without a chain: forecasts, what they are worth, schedules of home batteries.

`forecast` tells a home's net load from earlier data, `compare` what forward orders do to the bills,
`battery` plans a battery for the day and follows the plan, `days` does so day after day.
"""
