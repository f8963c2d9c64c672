"""What happens by the clock: one module for each job, and :class:`~manager_bot.jobs.schedule.Jobs` that runs them.

Every job asks the injected clock what time it is and may be repeated or cut off at any line.
"""
