from tortoise import migrations
from tortoise.migrations import operations as ops
from models.agent import Rest, Trouble
from models.enum_grew import EnumGrew
from models.incident import Cause
from tortoise import fields

class Migration(migrations.Migration):
    dependencies = [('models', '0001_initial')]

    initial = False

    operations = [
        EnumGrew(
            model_name='Agent',
            name='door_trouble',
            field=fields.CharEnumField(null=True, description='CRASHED: crashed\nOUT_OF_MEMORY: out_of_memory\nBAD_CONFIG: bad_config\nTOKEN_REVOKED: token_revoked\nPOLLED_ELSEWHERE: polled_elsewhere\nDEAF: deaf\nUNHEALTHY: unhealthy\nSTART_FAILED: start_failed\nWAKE_FAILED: wake_failed\nGAVE_UP: gave_up', enum_type=Trouble, max_length=24),
        ),
        EnumGrew(
            model_name='Agent',
            name='trouble',
            field=fields.CharEnumField(null=True, description='CRASHED: crashed\nOUT_OF_MEMORY: out_of_memory\nBAD_CONFIG: bad_config\nTOKEN_REVOKED: token_revoked\nPOLLED_ELSEWHERE: polled_elsewhere\nDEAF: deaf\nUNHEALTHY: unhealthy\nSTART_FAILED: start_failed\nWAKE_FAILED: wake_failed\nGAVE_UP: gave_up', enum_type=Trouble, max_length=24),
        ),
        ops.AddField(
            model_name='Agent',
            name='boost_until',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Agent',
            name='rest',
            field=fields.CharEnumField(default=Rest.AWAKE, description='AWAKE: awake\nDROWSY: drowsy\nHELD: held\nASLEEP: asleep\nWAKING: waking', enum_type=Rest, max_length=16),
        ),
        ops.AddField(
            model_name='Agent',
            name='rest_since',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        ops.AddField(
            model_name='Agent',
            name='wake_at',
            field=fields.DatetimeField(null=True, auto_now=False, auto_now_add=False),
        ),
        EnumGrew(
            model_name='Incident',
            name='cause',
            field=fields.CharEnumField(description='CRASHED: crashed\nOUT_OF_MEMORY: out_of_memory\nBAD_CONFIG: bad_config\nTOKEN_REVOKED: token_revoked\nPOLLED_ELSEWHERE: polled_elsewhere\nDEAF: deaf\nUNHEALTHY: unhealthy\nSTART_FAILED: start_failed\nWAKE_FAILED: wake_failed\nHIGH_MEMORY: high_memory\nDISK_FULL: disk_full\nDOCKER_DOWN: docker_down\nMASS_FAILURE: mass_failure\nGEMINI_DOWN: gemini_down\nMODEL_UNAVAILABLE: model_unavailable\nTELEGRAM_DOWN: telegram_down', enum_type=Cause, max_length=24),
        ),
    ]
