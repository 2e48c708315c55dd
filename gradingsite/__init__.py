"""The site: settings, addresses, the background worker, the home page, the small rooms below."""

from gradingsite.celery import app as celery_app

__all__ = ["celery_app"]
