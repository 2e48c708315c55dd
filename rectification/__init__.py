"""What a grade leads to: plans and their measures, the three clarities, filing, progress, supervision notices.

It stands on ``assessments`` and is fed by ``reviews``, never the other way.
"""
